namespace RocketOps.Store.Recovery;

/// <summary>The kernel's boot id as the checkpoint holds it.</summary>
internal static class BootIds
{
    /// <summary>Empty for a text that is no id; it equals no other machine's.</summary>
    public static Guid Parse(string text) => Guid.TryParse(text, out Guid id) ? id : Guid.Empty;
}
