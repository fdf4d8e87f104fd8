namespace RocketOps.Kubernetes.Informers;

public sealed record InformerOptions
{
    /// <summary>Namespaces to look at, each with a list and a watch of its own; empty for all namespaces, with one of each.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    /// <summary>
    /// The manager whose entries of <c>metadata.managedFields</c> are kept; the others, half of many an object, are not cached. Null keeps none.
    /// </summary>
    public string? KeepManagedFieldsOf { get; init; }

    /// <summary>
    /// True when an informer that may not list the kind goes on without it, with an empty cache, and looks again now and then: the right
    /// may come. When false, the right is waited for.
    /// </summary>
    public bool MayBeForbidden { get; init; }

    /// <summary>The server ends a watch at a random time from here to twice this, so that not all end together.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A bookmark comes about once a minute. A watch silent for this long beyond its end is dead, whatever the connection says.</summary>
    public TimeSpan IdleMargin { get; init; } = TimeSpan.FromSeconds(60);

    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>The longest pause while the server answers, and not what is wanted.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause while it does not answer: however long it was away, what has changed meanwhile is seen soon after its return.</summary>
    public TimeSpan MaxBackoffWithoutAnswer { get; init; } = TimeSpan.FromSeconds(5);
}
