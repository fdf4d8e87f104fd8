namespace RocketOps.Store.Files;

/// <summary>Memory that is not needed for a while goes back to the operating system and keeps its addresses.</summary>
internal static unsafe class MemoryPages
{
    /// <summary>
    /// Gives back the whole pages inside a pinned array: its bytes may be zero from now on, until somebody writes them again. The array
    /// itself stays: what the collector looks at, its length and type, lies before its bytes. Nothing happens where the system has no such
    /// call.
    /// </summary>
    public static void Release<T>(T[] pinned)
        where T : unmanaged
    {
        nuint page = (nuint)Environment.SystemPageSize;
        fixed (T* bytes = pinned)
        {
            nuint first = ((nuint)bytes + page - 1) & ~(page - 1);
            nuint end = ((nuint)bytes + ((nuint)pinned.Length * (nuint)sizeof(T))) & ~(page - 1);
            if (end > first)
            {
                // A refusal costs memory and nothing else.
                _ = NativeMethods.MAdvise((void*)first, end - first, NativeMethods.DoNotNeed);
            }
        }
    }
}
