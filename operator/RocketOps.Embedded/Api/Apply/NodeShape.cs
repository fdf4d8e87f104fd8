namespace RocketOps.Embedded.Api.Apply;

/// <summary>How a place is owned: as a whole, by member, or by item.</summary>
internal enum NodeShape
{
    /// <summary>Scalars, atomic lists, atomic maps and structs.</summary>
    Leaf,
    Map,
    List,
}
