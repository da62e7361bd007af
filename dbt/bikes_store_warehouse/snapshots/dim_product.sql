{% snapshot dim_product %}

{#- char columns come padded ('R '); in a text column the padding would be part of the value -#}
{%- set attributes = {
    'nk_product_subcategory': 'productsubcategoryid::bigint',
    'nk_product_model': 'productmodelid::bigint',
    'product_number': 'productnumber::text',
    'product_name': 'name::text',
    'color': 'color::text',
    'product_size': 'size::text',
    'size_unit': 'rtrim(sizeunitmeasurecode)',
    'weight_unit': 'rtrim(weightunitmeasurecode)',
    'product_line': 'upper(rtrim(productline))',
    'product_class': 'upper(rtrim("class"))',
    'product_style': 'upper(rtrim("style"))',
    'standard_cost': 'standardcost::numeric',
    'list_price': 'listprice::numeric',
    'weight': 'weight::numeric',
    'safety_stock_level': 'safetystocklevel::bigint',
    'reorder_point': 'reorderpoint::bigint',
    'days_to_manufacture': 'daystomanufacture::bigint',
    'is_made_in_house': 'makeflag::boolean',
    'is_sold': 'finishedgoodsflag::boolean',
    'sell_starts_at': 'sellstartdate',
    'sell_ends_at': 'sellenddate',
    'discontinued_at': 'discontinueddate',
} -%}

{{
    config(
        unique_key='nk_product',
        strategy='check',
        check_cols=attributes | list,
        updated_at='version_starts_at',
        hard_deletes='invalidate',
        pre_hook=one_run_at_a_time(),
        post_hook=one_open_version('nk_product'),
        indexes=[{'columns': ['sk_product'], 'unique': true}],
    )
}}

with

products as (

    select * from {{ source('bikes_store_staging', 'product') }}

),

renamed as (

    select
        productid::bigint as nk_product,
        {{ select_attributes(attributes) }},
        modifieddate as modified_at
    from products

),

{{
    versions_of_renamed('nk_product', attributes, {'product_number': 'N/A', 'product_name': 'Unknown'})
}}

{% endsnapshot %}
