namespace RocketOps.Kubernetes.Client;

public sealed record ApplyOptions
{
    public ApplyOptions(string fieldManager)
    {
        ArgumentException.ThrowIfNullOrEmpty(fieldManager);
        FieldManager = fieldManager;
    }

    /// <summary>The same for all replicas and versions of a program: what was applied under another name is never removed.</summary>
    public string FieldManager { get; }

    /// <summary>Takes fields over from other managers. Controllers want this; people are asked first.</summary>
    public bool Force { get; init; } = true;

    public bool DryRun { get; init; }

    /// <summary>Sends the entity's resourceVersion along: 409 when the object changed meanwhile.</summary>
    public bool OnlyIfUnchanged { get; init; }

    /// <summary>Sends the entity's uid along: 409 when the object is another incarnation, and no creation when it is gone.</summary>
    public bool OnlyIfSameObject { get; init; }

    /// <summary>Strict by default: a field that the server does not know is our mistake and must not vanish silently.</summary>
    public string? FieldValidation { get; init; } = "Strict";
}
