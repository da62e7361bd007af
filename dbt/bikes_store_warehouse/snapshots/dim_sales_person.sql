{% snapshot dim_sales_person %}

{%- set attributes = [
    'nk_sales_territory',
    'sales_person_name',
    'job_title',
    'login_id',
    'organization_node',
    'gender',
    'sales_quota',
    'bonus',
    'commission_pct',
    'is_current_employee',
    'hire_date',
] -%}

{{
    config(
        unique_key='nk_sales_person',
        strategy='check',
        check_cols=attributes,
        updated_at='version_starts_at',
        hard_deletes='invalidate',
        pre_hook=one_run_at_a_time(),
        post_hook=one_open_version('nk_sales_person'),
        indexes=[{'columns': ['sk_sales_person'], 'unique': true}],
    )
}}

with

sales_people as (

    select * from {{ source('bikes_store_staging', 'salesperson') }}

),

employees as (

    select * from {{ source('bikes_store_staging', 'employee') }}

),

people as (

    select * from {{ source('bikes_store_staging', 'person') }}

),

-- salesytd and saleslastyear are left out: fact_order says what was sold, to the cent and for any year
renamed as (

    select
        sales_people.businessentityid::bigint as nk_sales_person,
        sales_people.territoryid::bigint as nk_sales_territory,
        coalesce(
            nullif(concat_ws(' ', people.firstname, people.middlename, people.lastname), ''), 'Unknown'
        ) as sales_person_name,
        employees.jobtitle::text as job_title,
        employees.loginid::text as login_id,
        employees.organizationnode::text as organization_node,
        upper(employees.gender)::text as gender,
        sales_people.salesquota as sales_quota,
        sales_people.bonus,
        sales_people.commissionpct as commission_pct,
        employees.currentflag::boolean as is_current_employee,
        employees.hiredate as hire_date,
        greatest(sales_people.modifieddate, employees.modifieddate, people.modifieddate) as modified_at
    from sales_people
    left join employees on sales_people.businessentityid = employees.businessentityid
    left join people on sales_people.businessentityid = people.businessentityid

),

{{
    versions_of_renamed('nk_sales_person', attributes, {'sales_person_name': 'None or unknown'})
}}

{% endsnapshot %}
