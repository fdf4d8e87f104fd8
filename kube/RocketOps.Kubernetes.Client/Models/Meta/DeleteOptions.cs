namespace RocketOps.Kubernetes.Models;

/// <summary>Options of a delete. Names are used again: give the uid wherever the wrong incarnation must not go.</summary>
public sealed class DeleteOptions
{
    /// <summary><c>Background</c>, <c>Foreground</c> or <c>Orphan</c>; see <see cref="Models.PropagationPolicy"/>.</summary>
    public string? PropagationPolicy { get; set; }

    public Preconditions? Preconditions { get; set; }

    public long? GracePeriodSeconds { get; set; }

    public List<string>? DryRun { get; set; }
}
