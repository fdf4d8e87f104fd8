namespace RocketOps.Store.ConsumeQueues;

/// <summary>
/// The place of an extension, as consume-queue units hold it instead of a tags code: its offset from the smallest number on. A hash of tags is an int and a delivery time positive, so
/// that neither is taken for one. Source: store.md §3.4.
/// </summary>
internal static class ExtAddress
{
    private const long Max = int.MinValue - 1L;

    /// <summary>Largest offset that an address can tell.</summary>
    public const long MaxOffset = Max - long.MinValue;

    public static bool Is(long tagsCode) => tagsCode <= Max;

    public static long Of(long offset) => offset + long.MinValue;

    public static long OffsetOf(long address) => address - long.MinValue;
}
