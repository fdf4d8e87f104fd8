namespace RocketOps.Embedded.Api.Resources;

/// <summary>A printer column. <paramref name="JsonPath"/> is set for custom resources; built-ins compute their cells.</summary>
internal sealed record ColumnDefinition(string Name, string Type, string Format, string Description, int Priority, string? JsonPath = null);
