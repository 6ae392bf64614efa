import { describe } from 'vitest';
import { describeStore } from '../contracts/store.ts';
import { describeWithMysql } from '../support/mysql.ts';
import { mysqlFixture } from './mysql-place.ts';

describeWithMysql('a store on MySQL', (server) => {
  describe('contract', () => {
    describeStore('mysql', () => mysqlFixture(server));
  });
});
