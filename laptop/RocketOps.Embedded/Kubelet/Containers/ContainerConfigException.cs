namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>
/// A container cannot be started as its spec says. Reason is what the status shows, as the kubelet words it
/// (CreateContainerConfigError, ErrImageNeverPull …; ContainerCreating while a volume is on its way). Permanent means that only another spec helps.
/// </summary>
internal sealed class ContainerConfigException(string reason, string message, bool isPermanent = false) : Exception(message)
{
    public string Reason { get; } = reason;

    public bool IsPermanent { get; } = isPermanent;

    public static ContainerConfigException Config(string message) => new("CreateContainerConfigError", message);

    public static ContainerConfigException Volume(string message) => new("ContainerCreating", message);

    public static ContainerConfigException Unsupported(string message) => new("CreateContainerConfigError", message, isPermanent: true);
}
