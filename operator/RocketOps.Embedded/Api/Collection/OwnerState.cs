namespace RocketOps.Embedded.Api.Collection;

internal enum OwnerState
{
    Alive,
    Gone,

    /// <summary>Its kind is not served here.</summary>
    Unknown,
}
