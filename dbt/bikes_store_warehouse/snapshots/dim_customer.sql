{% snapshot dim_customer %}

{%- set attributes = [
    'nk_person',
    'nk_store',
    'nk_sales_territory',
    'customer_type',
    'customer_name',
    'store_name',
    'person_type',
    'title',
    'first_name',
    'middle_name',
    'last_name',
    'suffix',
    'gender',
    'marital_status',
    'yearly_income',
    'education',
    'occupation',
    'email_promotion',
] -%}

{{
    config(
        unique_key='nk_customer',
        strategy='check',
        check_cols=attributes,
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
    cross join
        xmltable(
            '/*' passing case when people.demographics is document then people.demographics end
            columns
            {{ answer('gender', 'Gender') }},
            {{ answer('marital_status', 'MaritalStatus') }},
            {{ answer('yearly_income', 'YearlyIncome') }},
            {{ answer('education', 'Education') }},
            {{ answer('occupation', 'Occupation') }}
        ) as answers

),

renamed as (

    select
        customers.customerid::bigint as nk_customer,
        customers.personid::bigint as nk_person,
        customers.storeid::bigint as nk_store,
        customers.territoryid::bigint as nk_sales_territory,
        case
            when customers.personid is not null and customers.storeid is not null then 'store contact'
            when customers.personid is not null then 'individual'
            when customers.storeid is not null then 'store'
            else 'unknown'
        end as customer_type,
        coalesce(
            -- a customer whose person has not arrived yet still has a row here
            nullif(concat_ws(' ', people.firstname, people.middlename, people.lastname), ''),
            stores.name,
            'Unknown'
        ) as customer_name,
        stores.name::text as store_name,
        upper(rtrim(people.persontype)) as person_type,
        people.title::text as title,
        people.firstname::text as first_name,
        people.middlename::text as middle_name,
        people.lastname::text as last_name,
        people.suffix::text as suffix,
        surveys.gender,
        surveys.marital_status,
        surveys.yearly_income,
        surveys.education,
        surveys.occupation,
        people.emailpromotion as email_promotion,
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
