namespace RocketOps.Cli.Up;

/// <summary>Options of <c>rocketops up</c>.</summary>
internal sealed record UpOptions
{
    /// <summary>Files, folders, or - for standard input.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Manifests are read from standard input.</summary>
    public bool TakesInput => Files.Contains(ManifestFiles.StandardInput);

    public required string DataDirectory { get; init; }

    /// <summary>Port of the API; 0 takes a free one.</summary>
    public int Port { get; init; }

    public bool Demo { get; init; }

    /// <summary>End after the demo, or once everything is ready, even when a person watches.</summary>
    public bool Exit { get; init; }

    /// <summary>File that gets a picture of what was shown.</summary>
    public string? Record { get; init; }
}
