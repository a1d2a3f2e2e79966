-- Change detection in DuckDB: `source_line` (the rows just read, normalised cells in lists) against
-- `known` (the snapshot). Static text: names of columns never enter it. Statement by statement:
-- who the lines are, which known line each one is, and what that makes of it.

create temp macro escaped(text) as
  replace(replace(coalesce(text, ''), '\', '\\'), chr(31), '\x1f');

create temp macro upper_ascii(text) as
  translate(text, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ');

-- RFC 9562, version 5: SHA-1 over namespace and name, with version and variant put in.
create temp macro uuid5_of_digest(hex) as
  hex[1:8] || '-' || hex[9:12] || '-5' || hex[14:16] || '-'
  || '89ab'[((instr('0123456789abcdef', hex[17]) - 1) % 4)::int + 1] || hex[18:20] || '-' || hex[21:32];

create temp macro line_uuid(line_key, ordinal) as
  uuid5_of_digest(sha1(
    '\x6f\x0c\x5a\x0e\x4b\x1d\x5c\x0a\x9d\x57\x2f\x3e\x8a\x41\xc7\xd2'::blob
    || encode(line_key || case when ordinal > 1 then chr(31) || ordinal::varchar else '' end)
  ));

create temp macro nothing(quantity) as regexp_full_match(coalesce(quantity, '0'), '0+(\.0+)?');

-- A row with blank key cells and no quantity is dropped, first of all: there may be millions. One
-- without its first key cell cannot be identified. `nth` numbers equal keys in content order. No temp
-- table: it is read by cursors.
create table line as
with kept as (
  select * from source_line
  where len(list_filter(key_cells, lambda c: c is not null)) > 0
    or len(list_filter(sizes, lambda s: not nothing(s[2]))) > 0 or not nothing(total)
), spelled as (
  select *,
    array_to_string(list_transform(key_cells, lambda c: escaped(upper_ascii(c))), chr(31)) as line_key,
    array_to_string(list_transform(hashed_cells, lambda c: escaped(c)), chr(31)) || chr(31)
      || array_to_string(
           list_sort(list_transform(sizes, lambda s: escaped(s[1]) || chr(31) || escaped(s[2]))),
           chr(31)
         ) as content
  from kept
)
select * exclude (content),
  sha256(content) as row_hash,
  row_number() over (partition by line_key order by content, row) as nth,
  key_cells[1] is null as unidentified
from spelled;

create temp view identified as select * from line where not unidentified;

-- Equal keys, first: the same content is the same line.
create temp table matched as
with seen as (
  select *, row_number() over (partition by line_key, row_hash order by nth) as twin from identified
), remembered as (
  select *, row_number() over (partition by line_key, seen_hash order by ordinal, record_uuid) as twin from known
)
select s.row, r.record_uuid, r.ordinal, 'same' as how
from seen s
join remembered r on r.line_key = s.line_key and r.seen_hash = s.row_hash and r.twin = s.twin;

-- What is left of each key on either side.
create temp table left_over as
with rows_left as (
  select line_key, count(*) as rows_left
  from identified l anti join matched m on m.row = l.row group by line_key
), known_left as (
  select line_key, count(*) as known_left
  from known k anti join matched m on m.record_uuid = k.record_uuid group by line_key
)
select line_key, coalesce(rows_left, 0) as rows_left, coalesce(known_left, 0) as known_left
from rows_left full join known_left using (line_key);

create temp table left_row as
select l.row, l.line_key, l.nth, o.rows_left, o.known_left
from identified l anti join matched m on m.row = l.row
join left_over o using (line_key);

create temp table left_known as
select k.record_uuid, k.line_key, k.ordinal, o.rows_left, o.known_left
from known k anti join matched m on m.record_uuid = k.record_uuid
join left_over o using (line_key);

-- Equal keys, second: one left on each side is one line that changed.
insert into matched
select l.row, k.record_uuid, k.ordinal, 'changed'
from left_row l join left_known k using (line_key)
where l.rows_left = 1 and l.known_left = 1;

-- Re-key: a new and a missing line with equal anchor cells that differ in one key cell.
create temp table rekey_pair as
with cells as (
  select string_split(line_key, chr(31)) as cells, l.*,
    list_transform(s.anchor, lambda i: string_split(line_key, chr(31))[i]) as anchored
  from left_row l cross join setting s where known_left = 0 and len(s.anchor) > 0
), absent as (
  select string_split(line_key, chr(31)) as cells, k.*,
    list_transform(s.anchor, lambda i: string_split(line_key, chr(31))[i]) as anchored
  from left_known k cross join setting s where rows_left = 0
)
select c.row, a.record_uuid, a.ordinal,
  count(*) over (partition by c.row) as lines_for_row,
  count(*) over (partition by a.record_uuid) as rows_for_line
from cells c join absent a using (anchored)
where len(list_filter(list_zip(c.cells, a.cells), lambda p: p[1] is distinct from p[2])) = 1;

insert into matched
select row, record_uuid, ordinal, 'rekeyed' from rekey_pair
where lines_for_row = 1 and rows_for_line = 1;

-- The verdict on every identified row. No ordinal of a key is used again. A row that was planned
-- before and not delivered is the same line, but not an unchanged one.
create table verdict as
select l.row, m.record_uuid, m.ordinal,
  case
    when m.how <> 'same' then 'changed'
    when k.row_hash <> l.row_hash then 'changed'
    when k.row_hash is null or k.mapping_version is distinct from s.mapping_version or k.review
      then 'again'
    else 'unchanged'
  end as kind
from identified l
join matched m on m.row = l.row
join known k on k.record_uuid = m.record_uuid
cross join setting s;

insert into verdict
select row, null, null, case when known_left > 0 then 'equal keys' else 'rekeyed' end
from left_row l anti join matched m on m.row = l.row
where known_left > 0 or row in (select row from rekey_pair);

insert into verdict
with ordinals as (
  select line_key, max(ordinal) as used from known group by line_key
), numbered as (
  select l.row, l.line_key,
    coalesce(o.used, 0) + row_number() over (partition by l.line_key order by l.nth) as ordinal
  from left_row l left join ordinals o using (line_key)
  anti join verdict v on v.row = l.row
)
select row, line_uuid(line_key, ordinal), ordinal, 'new' from numbered;
