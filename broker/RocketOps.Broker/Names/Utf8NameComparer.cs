using System.Text;

namespace RocketOps.Broker.Names;

/// <summary>
/// Ordinal comparison of names that are strings where people see them and UTF-8 bytes where frames carry them, so that a lookup from a frame
/// makes no string. Topic and group names are short ASCII; anything else takes the slow half and stays correct.
/// </summary>
internal sealed class Utf8NameComparer : IEqualityComparer<string>, IAlternateEqualityComparer<ReadOnlySpan<byte>, string>
{
    public static readonly Utf8NameComparer Instance = new();

    private const int StackLimit = 512;

    private Utf8NameComparer()
    {
    }

    public bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

    public int GetHashCode(string obj)
    {
        ArgumentNullException.ThrowIfNull(obj);
        int maxBytes = Encoding.UTF8.GetMaxByteCount(obj.Length);
        Span<byte> utf8 = maxBytes <= StackLimit ? stackalloc byte[StackLimit] : new byte[maxBytes];
        return GetHashCode(utf8[..Encoding.UTF8.GetBytes(obj, utf8)]);
    }

    public int GetHashCode(ReadOnlySpan<byte> alternate)
    {
        HashCode hash = default;
        hash.AddBytes(alternate);
        return hash.ToHashCode();
    }

    public bool Equals(ReadOnlySpan<byte> alternate, string other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (alternate.Length == other.Length)
        {
            return Ascii.Equals(alternate, other);
        }

        return alternate.Length > other.Length && EqualsSlow(alternate, other);
    }

    public string Create(ReadOnlySpan<byte> alternate) => Encoding.UTF8.GetString(alternate);

    private static bool EqualsSlow(ReadOnlySpan<byte> alternate, string other) => string.Equals(Encoding.UTF8.GetString(alternate), other, StringComparison.Ordinal);
}
