create table word(id integer primary key, key integer, text text);
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < ROWS)
insert into word select i, i * 48271 % 65537, printf('%08x-%s', i * 48271 % 2147483647, substr('the quick brown fox jumps over the lazy dog', i % 20, 20)) from n;
commit;
create index by_key on word(key);
create table tally(key integer primary key, n integer, length integer);
insert into tally select key % 97, count(*), sum(length(text)) from word group by key % 97;
select count(*), sum(n), sum(length) from tally;
select count(*), sum(a.id * 3 + b.id) from word a join word b on b.key = (a.key * 7) % 65537 where a.id % 3 = 0;
update word set text = upper(text) where key between 10000 and 20000;
delete from word where key > 50000;
select count(*), sum(id), max(text), min(text) from word;
select id, text from word order by text desc limit 10;
vacuum;
pragma integrity_check;
