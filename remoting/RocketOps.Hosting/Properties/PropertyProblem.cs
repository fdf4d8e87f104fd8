namespace RocketOps.Hosting.Properties;

/// <summary>What is wrong with one entry, in words for the person who wrote it.</summary>
public readonly record struct PropertyProblem(PropertyOrigin Origin, string? Key, string Message)
{
    /// <summary><c>namesrv.conf:3: listenPrt: unknown key; did you mean listenPort?</c></summary>
    public override string ToString() => Key is null ? $"{Origin}: {Message}" : $"{Origin}: {Key}: {Message}";
}
