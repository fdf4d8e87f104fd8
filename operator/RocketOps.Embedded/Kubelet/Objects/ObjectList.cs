namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>A complete list and the version from which a watch continues it.</summary>
internal sealed record ObjectList(IReadOnlyList<KubeObject> Items, string ResourceVersion);
