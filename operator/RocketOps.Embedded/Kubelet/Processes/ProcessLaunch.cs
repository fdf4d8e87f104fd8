namespace RocketOps.Embedded.Kubelet.Processes;

/// <summary>Everything a container's process is started with.</summary>
internal sealed record ProcessLaunch(
    string FileName, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string WorkingDirectory);
