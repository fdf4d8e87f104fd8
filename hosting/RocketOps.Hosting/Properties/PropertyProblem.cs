namespace RocketOps.Hosting.Properties;

/// <summary>Problem with one entry, in words for the person who wrote it.</summary>
public readonly record struct PropertyProblem(PropertyOrigin Origin, string? Key, string Message)
{
    /// <summary><c>listenPrt: unknown key; did you mean listenPort?</c>, for whoever sent the entry in a request, which has no lines.</summary>
    public string Text => Key is null ? Message : $"{Key}: {Message}";

    /// <summary><c>namesrv.conf:3: listenPrt: unknown key; did you mean listenPort?</c></summary>
    public override string ToString() => $"{Origin}: {Text}";
}
