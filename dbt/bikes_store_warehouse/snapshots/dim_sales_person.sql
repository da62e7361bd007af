{% snapshot dim_sales_person %}

{%- set sales_person_name -%}
coalesce(nullif(concat_ws(' ', people.firstname, people.middlename, people.lastname), ''), 'Unknown')
{%- endset -%}

{%- set attributes = {
    'nk_sales_territory': 'sales_people.territoryid::bigint',
    'sales_person_name': sales_person_name,
    'job_title': 'employees.jobtitle::text',
    'login_id': 'employees.loginid::text',
    'organization_node': 'employees.organizationnode::text',
    'gender': 'upper(employees.gender)::text',
    'sales_quota': 'sales_people.salesquota',
    'bonus': 'sales_people.bonus',
    'commission_pct': 'sales_people.commissionpct',
    'is_current_employee': 'employees.currentflag::boolean',
    'hire_date': 'employees.hiredate',
} -%}

{{
    config(
        unique_key='nk_sales_person',
        strategy='check',
        check_cols=attributes | list,
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
        {{ select_attributes(attributes) }},
        greatest(sales_people.modifieddate, employees.modifieddate, people.modifieddate) as modified_at
    from sales_people
    left join employees on sales_people.businessentityid = employees.businessentityid
    left join people on sales_people.businessentityid = people.businessentityid

),

{{
    versions_of_renamed('nk_sales_person', attributes, {'sales_person_name': 'None or unknown'})
}}

{% endsnapshot %}
