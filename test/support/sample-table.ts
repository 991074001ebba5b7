import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { Client } from 'pg';
import { pythonPath } from '../../src/process/python.js';
import { projectRoot, type Database } from './stack.js';

/** Database and user of the table `test` of satokiyo/pydataflow-template's own tests. */
export const sample = { database: 'test_db', user: 'user', password: 'passw0rd' };

/** What the image's entry point does: makes user and database, then runs the sample as that user. */
export async function loadPostgres({ url, host, port }: Database): Promise<void> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  await admin.query(`CREATE ROLE "${sample.user}" LOGIN PASSWORD '${sample.password}'`);
  await admin.query(`CREATE DATABASE ${sample.database} OWNER "${sample.user}"`);
  await admin.end();
  const client = new Client({ host, port, ...sample });
  await client.connect();
  await client.query(await readFile(join(projectRoot, 'docker', 'sample', 'postgres.sql'), 'utf8'));
  await client.end();
}

/** The same in MariaDB. */
export async function loadMariadb({ host, port, user, password }: Database): Promise<void> {
  const script = `
import json, sys, pymysql
given = json.load(sys.stdin)
with pymysql.connect(**given["admin"], autocommit=True) as connection, connection.cursor() as cursor:
    for statement in given["sql"].split(";\\n"):
        if statement.strip():
            cursor.execute(statement)
`;
  const sql = [
    `CREATE DATABASE ${sample.database}`,
    `CREATE USER '${sample.user}'@'%' IDENTIFIED BY '${sample.password}'`,
    `GRANT ALL ON ${sample.database}.* TO '${sample.user}'@'%'`,
    `USE ${sample.database}`,
    await readFile(join(projectRoot, 'docker', 'sample', 'mysql.sql'), 'utf8'),
  ].join(';\n');
  await execa(pythonPath(), ['-c', script], {
    input: JSON.stringify({ admin: { host, port, user, password }, sql }),
  });
}
