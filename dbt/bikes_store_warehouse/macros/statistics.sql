{#-
  Statistics for a table that has none. A table that a run only changes keeps those that it has: they cost more than the
  change, and autovacuum renews them when a tenth of the rows is another.
-#}
{% macro analyze_new_table() -%}
    do $$
    begin
        if not exists (
            select from pg_stats where schemaname = '{{ this.schema }}' and tablename = '{{ this.identifier }}'
        ) then
            analyze {{ this }};
        end if;
    end
    $$
{%- endmacro %}
