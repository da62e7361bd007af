{#-
  Versions of a dimension that keeps history (a dbt snapshot).

  A version starts at the source's modifieddate when that moved on since the last version; when a value changed and
  the date did not, all we know is that it changed before this run, so the version starts now. The first version of
  a key has no start that we know of: it reaches back before every order.
-#}

{#- What the snapshot already knows of each key. -#}
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
  Every version of a dimension with the time for which it holds: until the next one starts. Not until dbt_valid_to:
  that also ends at a deletion, and a line that names a deleted row is better off with the last version than with none.
  So each moment meets exactly one version of a key, and a fact that joins by `holds_at` never doubles a row.
-#}
{% macro versions(dimension, key) -%}
    select
        *,
        dbt_valid_from as holds_from,
        lead(dbt_valid_from, 1, 'infinity') over (partition by {{ key }} order by dbt_valid_from) as holds_until
    from {{ dimension }}
{%- endmacro %}

{% macro holds_at(versions, moment) -%}
    {{ moment }} >= {{ versions }}.holds_from and {{ moment }} < {{ versions }}.holds_until
{%- endmacro %}

{#- The database itself refuses a second open version, whoever runs dbt how often at once. -#}
{% macro one_open_version(key) -%}
    create unique index if not exists {{ this.identifier }}_open_version on {{ this }} ({{ key }})
    where dbt_valid_to is null;
    -- the next run compares every row with its open version; without statistics that plan goes wrong
    analyze {{ this }}
{%- endmacro %}

{#- Runs on the same snapshot wait for each other instead of failing. -#}
{% macro one_run_at_a_time() -%}
    select pg_advisory_xact_lock(hashtextextended('{{ this }}', 0))
{%- endmacro %}

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
  the start of its version. `attributes` are the business columns in the order of `renamed`, between the natural key,
  which comes first, and modified_at, which comes last; `unknown` gives those that the unknown member has.
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
