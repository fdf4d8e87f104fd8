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

/// <summary>The deletion fails with 409 when the object is another one by now.</summary>
public sealed class Preconditions
{
    public string? Uid { get; set; }

    public string? ResourceVersion { get; set; }
}

public static class PropagationPolicy
{
    public const string Background = "Background";
    public const string Foreground = "Foreground";
    public const string Orphan = "Orphan";
}
