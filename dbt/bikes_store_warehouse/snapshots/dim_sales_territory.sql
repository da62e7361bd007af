{% snapshot dim_sales_territory %}

{%- set attributes = {
    'territory_name': 'name::text',
    'country_region_code': 'countryregioncode::text',
    'territory_group': '"group"::text',
} -%}

{{
    config(
        unique_key='nk_sales_territory',
        strategy='check',
        check_cols=attributes | list,
        updated_at='version_starts_at',
        hard_deletes='invalidate',
        pre_hook=one_run_at_a_time(),
        post_hook=one_open_version('nk_sales_territory'),
        indexes=[{'columns': ['sk_sales_territory'], 'unique': true}],
    )
}}

with

sales_territories as (

    select * from {{ source('bikes_store_staging', 'salesterritory') }}

),

-- the source's sales and cost figures are left out: fact_order says what was sold, to the cent and for any year
renamed as (

    select
        territoryid::bigint as nk_sales_territory,
        {{ select_attributes(attributes) }},
        modifieddate as modified_at
    from sales_territories

),

{{
    versions_of_renamed(
        'nk_sales_territory',
        attributes,
        {'territory_name': 'Unknown', 'country_region_code': 'N/A', 'territory_group': 'Unknown'}
    )
}}

{% endsnapshot %}
