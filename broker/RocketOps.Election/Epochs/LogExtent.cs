namespace RocketOps.Election.Epochs;

/// <summary>A member's log as another one has to know it to join them.</summary>
/// <param name="Epochs">Which master wrote what.</param>
/// <param name="Min">Offset of the oldest byte that is kept.</param>
/// <param name="End">Offset behind the last byte.</param>
public sealed record LogExtent(EpochHistory Epochs, long Min, long End)
{
    /// <summary>True when the log has no byte: it can begin anywhere.</summary>
    public bool IsEmpty => Min == End;
}
