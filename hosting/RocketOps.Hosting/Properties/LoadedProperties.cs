namespace RocketOps.Hosting.Properties;

/// <summary>Place where a value was written: a file with its line, an environment variable, or an argument.</summary>
/// <param name="Source">File name, variable name or argument as the user wrote it.</param>
/// <param name="Line">Line in the file, from 1; 0 when the source has no lines.</param>
public readonly record struct PropertyOrigin(string Source, int Line)
{
    /// <summary>The origin of a value nobody wrote.</summary>
    public static PropertyOrigin Default => new("default", 0);

    public static PropertyOrigin Environment(string variable) => new($"environment {variable}", 0);

    public static PropertyOrigin Argument(string argument) => new($"argument {argument}", 0);

    public override string ToString() => Line > 0 ? $"{Source}:{Line}" : Source;
}

/// <summary>One key with its text as written, before anybody looked whether it is known or allowed.</summary>
public readonly record struct PropertyEntry(string Key, string Value, PropertyOrigin Origin);

/// <summary>Problem with one entry, in words for the person who wrote it.</summary>
public readonly record struct PropertyProblem(PropertyOrigin Origin, string? Key, string Message)
{
    /// <summary><c>listenPrt: unknown key; did you mean listenPort?</c>, for whoever sent the entry in a request, which has no lines.</summary>
    public string Text => Key is null ? Message : $"{Key}: {Message}";

    /// <summary><c>namesrv.conf:3: listenPrt: unknown key; did you mean listenPort?</c></summary>
    public override string ToString() => $"{Origin}: {Text}";
}

/// <summary>
/// Result of reading a configuration. With errors the values must not be used: every error is reported and the start refused.
/// </summary>
public sealed record PropertyLoadResult(PropertyValues Values, IReadOnlyList<PropertyProblem> Errors, IReadOnlyList<PropertyProblem> Warnings);
