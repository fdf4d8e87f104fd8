namespace RocketOps.Kubernetes.Client;

public record WriteOptions
{
    /// <summary>Checked and answered, not stored.</summary>
    public bool DryRun { get; init; }

    /// <summary>Recorded with the fields written. Null leaves the server to derive one from the user agent.</summary>
    public string? FieldManager { get; init; }

    /// <summary><c>status</c>, <c>scale</c> …; null for the object itself.</summary>
    public string? Subresource { get; init; }

    /// <summary><c>Strict</c>, <c>Warn</c> or <c>Ignore</c>: what happens to fields the schema does not know.</summary>
    public string? FieldValidation { get; init; }
}
