namespace RocketOps.Embedded.Kubelet;

/// <summary>An executable on this machine that stands for a container image; its arguments come before the container's.</summary>
public sealed record LocalProgram(string FileName, params IReadOnlyList<string> Arguments);
