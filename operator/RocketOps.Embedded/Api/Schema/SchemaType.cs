namespace RocketOps.Embedded.Api.Schema;

/// <summary>The JSON types a schema node accepts. <see cref="Any"/> is an untyped node: maps merge by key, lists are atomic.</summary>
internal enum SchemaType
{
    Any,
    Object,
    Array,
    String,
    Integer,
    Number,
    Boolean,
    IntOrString,
}
