{#-
  Refuses `--empty` where it does harm. dbt then reads no rows: tables would become empty, and a snapshot would close
  every version, as if the source had deleted everything. In a schema without tables it is a quick check of the SQL.
-#}
{% macro refuse_to_empty() -%}
    {%- if execute and flags.EMPTY and load_relation(this) is not none -%}
        {%- do exceptions.raise_compiler_error(
            '--empty would leave ' ~ this.render() ~ ' without rows: to check the SQL, build in a schema of its own,'
            ~ ' as in `WAREHOUSE_SCHEMA=check dbt build --empty`.'
        ) -%}
    {%- endif -%}
{%- endmacro %}
