using System.Security.Cryptography;
using System.Text;

namespace RocketOps.Operator.Clusters;

/// <summary>Short, stable fingerprint of configuration text for names.</summary>
internal static class ContentHash
{
    // Twelve hexadecimal digits: short enough to read in `kubectl describe`, long enough that two configurations of one cluster never meet.
    private const int Length = 12;

    public static string Of(IEnumerable<KeyValuePair<string, string>> files)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string? name, string? content) in files.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            // The zero bytes keep (ab, c) and (a, bc) apart: neither names nor contents hold one.
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData([0]);
            hash.AppendData(Encoding.UTF8.GetBytes(content));
            hash.AppendData([0]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Length];
    }
}
