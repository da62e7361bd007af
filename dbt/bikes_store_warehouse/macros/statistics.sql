{#-
  Statistics for a table that has none. A table that a run only changes keeps those that it has: they cost more than the
  change, and autovacuum renews them when a tenth of the rows is another.

  A sample of 9,000 rows is enough, as in the staging area. For the 121,317 rows of fact_order it takes 0.17 s of
  processor time; the usual one of 30,000 rows takes 0.64 s.
-#}
{% macro analyze_new_table() -%}
    do $$
    begin
        if not exists (
            select from pg_stats where schemaname = '{{ this.schema }}' and tablename = '{{ this.identifier }}'
        ) then
            set local default_statistics_target = 30;
            analyze {{ this }};
        end if;
    end
    $$
{%- endmacro %}
