using RocketOps.Client;

namespace RocketOps.Cli.Topics;

/// <summary>Permissions as <c>rw</c>, <c>r</c>, <c>w</c> or <c>none</c>.</summary>
internal static class PermissionText
{
    public static readonly string[] Words = ["rw", "r", "w", "none"];

    public static string Of(TopicPermission permission) =>
        permission.HasFlag(TopicPermission.ReadWrite) ? "rw" : permission.HasFlag(TopicPermission.Read) ? "r" : permission.HasFlag(TopicPermission.Write) ? "w" : "none";

    /// <summary>Parses one of <see cref="Words"/>.</summary>
    public static TopicPermission Parse(string word) => word switch
    {
        "r" => TopicPermission.Read,
        "w" => TopicPermission.Write,
        "none" => TopicPermission.None,
        _ => TopicPermission.ReadWrite,
    };
}
