import type { Language } from './text.ts';

/** What `--help` prints. */
export const usage: Readonly<Record<Language, string>> = {
  en: `album-classifier

  classify PATHS…   classify photo files, globs, and folders with all that is below them
  eval FOLDER       compare models on photos in folders named by category, or in a table with the columns
                    file and category; eval --feedback: on what users corrected
  undo [LOG]        move files back that the last --move --apply moved, or the one of that log
  migrate           bring the database up to date
  backup FILE       copy the SQLite database to a new file, while the service runs
  restore FILE      replace the SQLite database by a backup, while no service runs; keeps the old one
  versions          list what versions of results are stored
  drop VERSION      delete the results of one of them
  forget hash HEX | user ID | before DATE
                    delete a photo, a user's claims and records, or all from before a time; says how much
  keys list | create NAME [DAYS [PER_MINUTE]] | revoke ID
                    keys of clients; a new one is shown once
  check-config      print the configuration that the environment amounts to, without its secrets
  check-llm         send a sample photo to every LLM and say what came of it (--json); 1 where one
                    does not answer. Costs one call each

Who classifies
  --server URL            a running service; without it, this process does, as a server would
  --user ID               X-User-ID for the server
  (ALBUM_API_KEY)         an environment variable: the server's API key, where it wants one
  -c, --concurrency N     photos at once (also --max-concurrent); without it, as many as go well
  --timeout S             longest call
  --max-wait-time S       longest that one photo may take with all its tries
  --max-retries N         further tries of one photo
  --config FILE           JSON with max_concurrent, max_wait_time, max_retries, timeout (seconds), at the
                          top level or in a section image_generation
  --wait                  wait for the answers of the album lane, which come later at half price; without
                          it, a server goes on alone, and the same command finds them another time
  --full-price            don't use the album lane
  --max-cost N            spend at most that much money in this run; the local model answers the other photos.
                          Not with --server
  --data FOLDER           where results and the journal are kept

Which photos
  --hidden                also files and folders whose name begins with a dot
  --ignore PATTERN        leave out, in the manner of .gitignore; may be repeated
  --no-ignore             don't read .ignore and .albumignore files
  --journal FILE          what is done is written there and skipped next time (./data/album-journal.ndjson)
  --no-journal            keep none
  --fresh                 do again what the journal says is done
  --redo-degraded         do again what a weaker model had to answer

Results, on standard output
  --table                 when all are there (default in a terminal)
  --ndjson                a JSON line for each photo as it is finished (default elsewhere)
  --json                  one JSON document
  --csv                   a line for each photo as it is finished
  --dry-run               only show which photos would be classified
  --no-progress           no progress bar on standard error
  -q, --quiet             nothing but errors on standard error
  --lang en | zh          language of messages (default: from LANG)

Sorting the files afterwards
  --move | --copy | --link INTO   into a folder INTO/<category>; nothing is overwritten
  --apply                 do it; without, it only shows what it would do
  --min-confidence N      leave photos with a lower confidence where they are (0 to 1)

Comparing models
  --max-cost N            ask LLMs for at most that much money; without it, only an estimate is printed
  --model NAME            a further LLM of the first provider, or PROVIDER=NAME; may be repeated
  --model-dir FOLDER      a further local model; may be repeated
  --target N              accuracy that the proposed LOCAL_SURE reaches (0 to 1)
  --report FILE           also write an HTML page
  --thumbnails            with small pictures of photos that a model has wrong

  -h, --help              this text
  --version               its version

Configuration comes from the environment and .env, as for the server: see docs/configuration.md.
Exit codes: 0 all classified, 1 some photos failed, 2 wrong usage, 130 interrupted.
`,
  zh: `album-classifier

  classify PATHS…   对照片文件、通配符，以及目录（含所有下级目录）进行分类
  eval FOLDER       用按类别命名的目录，或含 file 和 category 列的表格中的照片比较各模型；
                    eval --feedback：比较用户更正过的结果
  undo [LOG]        把最近一次 --move --apply 移动的文件移回，或撤销该日志记录的移动
  migrate           把数据库升级到最新
  backup FILE       把 SQLite 数据库复制到新文件，服务可继续运行
  restore FILE      用备份替换 SQLite 数据库，须先停止服务；原有数据库会保留
  versions          列出已保存结果的版本
  drop VERSION      删除其中一个版本的结果
  forget hash HEX | user ID | before DATE
                    删除一张照片、一个用户的声明和记录，或某时间之前的全部数据，并显示数量
  keys list | create NAME [DAYS [PER_MINUTE]] | revoke ID
                    客户端的密钥；新密钥只显示一次
  check-config      显示由环境得出的配置，不含机密
  check-llm         向每个大模型发送一张示例照片并报告结果（--json）；有一个不应答则退出码为 1。
                    每个大模型花费一次调用

由谁分类
  --server URL            运行中的服务；不指定则由本进程像服务一样分类
  --user ID               发送给服务的 X-User-ID
  (ALBUM_API_KEY)         环境变量：服务需要时使用的 API 密钥
  -c, --concurrency N     同时处理的照片数（也可写作 --max-concurrent）；不指定则自动调整
  --timeout S             单次调用的最长时间
  --max-wait-time S       一张照片（含所有重试）的最长时间
  --max-retries N         一张照片的重试次数
  --config FILE           含 max_concurrent、max_wait_time、max_retries、timeout（秒）的 JSON，
                          位于顶层或 image_generation 一节
  --wait                  等待相册通道的答案（稍后以半价得到）；不加则由服务继续处理，
                          之后运行同一命令即可取得
  --full-price            不使用相册通道
  --max-cost N            本次运行最多花费的金额；其余照片由本地模型应答。不能与 --server 同用
  --data FOLDER           保存结果和日志的目录

哪些照片
  --hidden                包括名称以点开头的文件和目录
  --ignore PATTERN        按 .gitignore 的方式排除；可重复
  --no-ignore             不读取 .ignore 和 .albumignore 文件
  --journal FILE          记录已完成的照片，下次跳过（./data/album-journal.ndjson）
  --no-journal            不记录
  --fresh                 重新处理日志中已完成的照片
  --redo-degraded         重新处理由较弱模型应答的照片

结果（标准输出）
  --table                 全部完成后以表格显示（终端中的默认方式）
  --ndjson                每完成一张照片输出一行 JSON（其他情况的默认方式）
  --json                  一个 JSON 文档
  --csv                   每完成一张照片输出一行
  --dry-run               只显示将分类哪些照片
  --no-progress           标准错误上不显示进度条
  -q, --quiet             标准错误上只显示错误
  --lang en | zh          消息的语言（默认取自 LANG）

之后整理文件
  --move | --copy | --link INTO   放入目录 INTO/<类别>；从不覆盖文件
  --apply                 执行；不加则只显示将要做什么
  --min-confidence N      置信度低于此值（0 到 1）的照片留在原处

比较模型
  --max-cost N            调用大模型的最高费用；不加则只显示估算费用
  --model NAME            第一个供应商的另一个大模型，或 PROVIDER=NAME；可重复
  --model-dir FOLDER      另一个本地模型；可重复
  --target N              建议的 LOCAL_SURE 所要达到的准确率（0 到 1）
  --report FILE           同时写出 HTML 页面
  --thumbnails            页面含有模型判错的照片的小图

  -h, --help              显示本文
  --version               显示版本

配置与服务相同，来自环境变量和 .env：见 docs/configuration.md。
退出码：0 全部已分类，1 部分照片失败，2 用法错误，130 已中断。
`,
};
