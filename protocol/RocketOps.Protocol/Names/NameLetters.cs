using System.Buffers;

namespace RocketOps.Protocol.Names;

/// <summary>Letters that names of topics and groups are made of. Source: admin.md §2.2.</summary>
public static class NameLetters
{
    /// <summary>The regular expression that names match; it does not bound their length.</summary>
    public const string Pattern = "^[%|a-zA-Z0-9_-]+$";

    private const string Allowed = "%|abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    private static readonly SearchValues<char> AllowedChars = SearchValues.Create(Allowed);

    private static readonly SearchValues<byte> AllowedBytes = SearchValues.Create([.. Allowed.Select(static letter => (byte)letter)]);

    /// <summary>Returns the index of the first letter that no name may have; −1 when there is none.</summary>
    public static int IndexOfOther(ReadOnlySpan<char> name) => name.IndexOfAnyExcept(AllowedChars);

    /// <summary>Same as <see cref="IndexOfOther(ReadOnlySpan{char})"/> for a name in UTF-8.</summary>
    public static int IndexOfOther(ReadOnlySpan<byte> name) => name.IndexOfAnyExcept(AllowedBytes);
}
