namespace RocketOps.Embedded.Api.Resources;

/// <summary>Where the scale subresource finds its numbers; paths are dotted with a leading dot.</summary>
internal sealed record ScaleDefinition(string SpecReplicasPath, string StatusReplicasPath, string? LabelSelectorPath);
