{#-
  Versions of a dimension that keeps history (a dbt snapshot).

  A version starts at the source's modifieddate if that date moved on since the last version. If a value changed and
  the date did not, all we know is that the value changed before this run, so the version starts now. Nobody knows when
  the first version of a key started: it reaches back before every order.
-#}

{#- The dimensions that keep history, without their prefix. -#}
{% macro dimensions_with_history() -%}
    {{ return(['customer', 'product', 'sales_person', 'sales_territory', 'store']) }}
{%- endmacro %}

{#- What the snapshot already holds for each key: the newest modified_at, and when its last version starts or ends. -#}
{% macro known_versions(key) %}
    {%- if execute and load_relation(this) is not none -%}
        select
            {{ key }},
            max(modified_at) as modified_at,
            max(greatest(dbt_valid_from, dbt_valid_to)) as ends_at
        from {{ this }}
        group by {{ key }}
    {%- else -%}
        select
            null::bigint as {{ key }},
            null::timestamp as modified_at,
            null::timestamp as ends_at
        where false
    {%- endif -%}
{% endmacro %}

{% macro version_start(modified_at, known) -%}
    case
        when {{ known }}.ends_at is null then {{ first_version_start() }}
        when {{ modified_at }} > {{ known }}.modified_at and {{ modified_at }} > {{ known }}.ends_at then {{ modified_at }}
        -- never at or before the version that it follows, whatever the clocks say
        else greatest(now()::timestamp, {{ known }}.ends_at + interval '1 microsecond')
    end
{%- endmacro %}

{% macro first_version_start() -%}
    '1900-01-01'::timestamp
{%- endmacro %}

{#-
  Every version of a dimension with the time in which it holds: from its start until the next version starts. The end
  is not dbt_valid_to, because a deletion sets that too, and a line that names a deleted row is better off with the last
  version than with none. So each moment meets at most one version of a key, and a fact that joins by `holds_at` never
  doubles a row.
-#}
{% macro versions(dimension, key) -%}
    select
        *,
        dbt_valid_from as holds_from,
        lead(dbt_valid_from, 1, 'infinity') over (partition by {{ key }} order by dbt_valid_from) as holds_until
    from {{ dimension }}
{%- endmacro %}

{#- Whether a version holds at a moment; `versions` is the alias of a CTE that the macro `versions` made. -#}
{% macro holds_at(versions, moment) -%}
    {{ moment }} >= {{ versions }}.holds_from and {{ moment }} < {{ versions }}.holds_until
{%- endmacro %}

{#- The latest version of each key of a dimension that keeps history, also where the source has deleted the row. -#}
{% macro latest_versions(dimension, key) -%}
    select distinct on ({{ key }}) *
    from {{ dimension }}
    order by {{ key }} asc, dbt_valid_from desc
{%- endmacro %}

{#- A second open version of a key is refused by the database itself, even when several people run dbt at once. -#}
{% macro one_open_version(key) -%}
    create unique index if not exists {{ this.identifier }}_open_version on {{ this }} ({{ key }})
    where dbt_valid_to is null;
    -- the next run compares every row with its open version, and needs statistics to choose a good plan
    analyze {{ this }}
{%- endmacro %}

{#- Runs on the same snapshot wait for each other instead of failing. -#}
{% macro one_run_at_a_time() -%}
    select pg_advisory_xact_lock(hashtextextended('{{ this }}', 0))
{%- endmacro %}

{#- The select list of a snapshot's business columns. -#}
{% macro select_attributes(attributes) -%}
    {%- for name, expression in attributes.items() %}
        {{ expression }} as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- The same columns for the unknown member: null, or the value that `unknown` gives. -#}
{% macro unknown_attributes(attributes, unknown) -%}
    {%- set values = [] -%}
    {%- for attribute in attributes -%}
        {%- set value = "'" ~ unknown[attribute] ~ "'" if attribute in unknown else 'null' -%}
        {%- do values.append(value ~ ' as ' ~ attribute) -%}
    {%- endfor -%}
    {{ values | join(', ') }}
{%- endmacro %}

{#-
  What a snapshot of a dimension selects: the rows of the CTE `renamed` and the unknown member, each with its key and
  the start of its version.

  key         the natural key, the first column of `renamed`
  attributes  the business columns, each with the expression that gives it; `renamed` selects them next, with
              `select_attributes`, and modified_at last
  unknown     the values of the unknown member; columns that are not named are null
-#}
{% macro versions_of_renamed(key, attributes, unknown) -%}
known as (

    {{ known_versions(key) }}

),

with_unknown as (

    select * from renamed

    union all

    select
        -1 as {{ key }},
        {{ unknown_attributes(attributes, unknown) }},
        null as modified_at

),

versioned as (

    select
        with_unknown.*,
        {{ version_start('with_unknown.modified_at', 'known') }} as version_starts_at,
        now() as recorded_at
    from with_unknown
    left join known on with_unknown.{{ key }} = known.{{ key }}

)

select
    case
        when {{ key }} = -1 then {{ unknown_key() }}
        else {{ surrogate_key([key, 'version_starts_at']) }}
    end as {{ key | replace('nk_', 'sk_', 1) }},
    versioned.*
from versioned
{%- endmacro %}
