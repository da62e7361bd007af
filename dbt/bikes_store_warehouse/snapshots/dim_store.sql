{% snapshot dim_store %}

{%- set attributes = {
    'nk_sales_person': 'stores.salespersonid::bigint',
    'store_name': 'stores.name::text',
    'bank_name': 'surveys.bank_name',
    'business_type': 'surveys.business_type',
    'specialty': 'surveys.specialty',
    'brands': 'surveys.brands',
    'internet': 'surveys.internet',
    'annual_sales': number_or_null('surveys.annual_sales'),
    'annual_revenue': number_or_null('surveys.annual_revenue'),
    'year_opened': number_or_null('surveys.year_opened'),
    'square_feet': number_or_null('surveys.square_feet'),
    'number_employees': number_or_null('surveys.number_employees'),
} -%}

{{
    config(
        unique_key='nk_store',
        strategy='check',
        check_cols=attributes | list,
        updated_at='version_starts_at',
        hard_deletes='invalidate',
        pre_hook=one_run_at_a_time(),
        post_hook=one_open_version('nk_store'),
        indexes=[{'columns': ['sk_store'], 'unique': true}],
    )
}}

with

stores as (

    select * from {{ source('bikes_store_staging', 'store') }}

),

surveys as (

    select
        stores.businessentityid,
        answers.*
    from stores
    {% call join_answers('stores.demographics') %}
        {{ answer('annual_sales', 'AnnualSales') }},
        {{ answer('annual_revenue', 'AnnualRevenue') }},
        {{ answer('bank_name', 'BankName') }},
        {{ answer('business_type', 'BusinessType') }},
        {{ answer('year_opened', 'YearOpened') }},
        {{ answer('specialty', 'Specialty') }},
        {{ answer('square_feet', 'SquareFeet') }},
        {{ answer('brands', 'Brands') }},
        {{ answer('internet', 'Internet') }},
        {{ answer('number_employees', 'NumberEmployees') }}
    {% endcall %}

),

renamed as (

    select
        stores.businessentityid::bigint as nk_store,
        {{ select_attributes(attributes) }},
        stores.modifieddate as modified_at
    from stores
    left join surveys on stores.businessentityid = surveys.businessentityid

),

{{
    versions_of_renamed('nk_store', attributes, {'store_name': 'None or unknown'})
}}

{% endsnapshot %}
