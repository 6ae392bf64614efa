import { Counter, Gauge, type Registry } from '@prometheus-io/client';

export interface AlbumLaneSize {
  readonly photos: number;
  readonly bytes: number;
}

/** Metrics of photos that wait for answers at half price. */
export function openAlbumLaneMetrics(registry: Registry) {
  const registers = [registry];
  const left = new Counter({
    name: 'album_lane_photos_total',
    help: 'Photos that left the album lane, or found no room in it; dropped: the service stopped; forgotten: an operator deleted it',
    labelNames: ['outcome'],
    registers,
  });
  return {
    ended: (outcome: string) => left.inc({ outcome }),
    watch(state: () => AlbumLaneSize): void {
      const gauge = (name: keyof AlbumLaneSize, help: string) =>
        new Gauge({
          name: `album_lane_${name}`,
          help,
          registers,
          collect() {
            this.set(state()[name]);
          },
        });
      gauge('photos', 'Photos in the album lane: they wait or are in flight');
      gauge('bytes', 'Memory of the photos in the album lane');
    },
  };
}
