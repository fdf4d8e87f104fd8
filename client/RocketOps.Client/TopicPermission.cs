using RocketOps.Protocol.Names;

namespace RocketOps.Client;

/// <summary>Permissions for a topic's queues on one broker.</summary>
[Flags]
public enum TopicPermission
{
    None = 0,

    /// <summary>The topic is a template for automatic creation (TBW102).</summary>
    Inherit = PermissionBits.Inherit,
    Write = PermissionBits.Write,
    Read = PermissionBits.Read,
    ReadWrite = PermissionBits.ReadWrite,
}
