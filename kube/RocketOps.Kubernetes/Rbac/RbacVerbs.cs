namespace RocketOps.Kubernetes.Rbac;

[Flags]
public enum RbacVerbs
{
    None = 0,
    Get = 1,
    List = 2,
    Watch = 4,
    Create = 8,
    Update = 16,
    Patch = 32,
    Delete = 64,

    /// <summary>Verbs that an informer needs.</summary>
    Read = Get | List | Watch,

    /// <summary>Verbs that server-side apply needs.</summary>
    Apply = Get | Create | Patch,
}
