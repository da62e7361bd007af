{% snapshot dim_customer %}

{%- set customer_type -%}
case
    when customers.personid is not null and customers.storeid is not null then 'store contact'
    when customers.personid is not null then 'individual'
    when customers.storeid is not null then 'store'
    else 'unknown'
end
{%- endset -%}

{%- set customer_name -%}
coalesce(
    -- a customer whose person has not arrived yet still has a row here
    nullif(concat_ws(' ', people.firstname, people.middlename, people.lastname), ''),
    stores.name,
    'Unknown'
)
{%- endset -%}

{%- set attributes = {
    'nk_person': 'customers.personid::bigint',
    'nk_store': 'customers.storeid::bigint',
    'nk_sales_territory': 'customers.territoryid::bigint',
    'customer_type': customer_type,
    'customer_name': customer_name,
    'store_name': 'stores.name::text',
    'person_type': 'upper(rtrim(people.persontype))',
    'title': 'people.title::text',
    'first_name': 'people.firstname::text',
    'middle_name': 'people.middlename::text',
    'last_name': 'people.lastname::text',
    'suffix': 'people.suffix::text',
    'gender': 'surveys.gender',
    'marital_status': 'surveys.marital_status',
    'yearly_income': 'surveys.yearly_income',
    'education': 'surveys.education',
    'occupation': 'surveys.occupation',
    'email_promotion': 'people.emailpromotion',
} -%}

{{
    config(
        unique_key='nk_customer',
        strategy='check',
        check_cols=attributes | list,
        updated_at='version_starts_at',
        hard_deletes='invalidate',
        pre_hook=one_run_at_a_time(),
        post_hook=one_open_version('nk_customer'),
        indexes=[{'columns': ['sk_customer'], 'unique': true}],
    )
}}

with

customers as (

    select * from {{ source('bikes_store_staging', 'customer') }}

),

people as (

    select * from {{ source('bikes_store_staging', 'person') }}

),

stores as (

    select * from {{ source('bikes_store_staging', 'store') }}

),

surveys as (

    select
        people.businessentityid,
        answers.*
    from people
    {% call join_answers('people.demographics') %}
        {{ answer('gender', 'Gender') }},
        {{ answer('marital_status', 'MaritalStatus') }},
        {{ answer('yearly_income', 'YearlyIncome') }},
        {{ answer('education', 'Education') }},
        {{ answer('occupation', 'Occupation') }}
    {% endcall %}

),

renamed as (

    select
        customers.customerid::bigint as nk_customer,
        {{ select_attributes(attributes) }},
        greatest(customers.modifieddate, people.modifieddate, stores.modifieddate) as modified_at
    from customers
    left join people on customers.personid = people.businessentityid
    left join surveys on customers.personid = surveys.businessentityid
    left join stores on customers.storeid = stores.businessentityid

),

{{
    versions_of_renamed('nk_customer', attributes, {'customer_type': 'unknown', 'customer_name': 'Unknown'})
}}

{% endsnapshot %}
