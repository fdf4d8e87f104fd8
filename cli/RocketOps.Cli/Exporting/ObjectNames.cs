using System.Security.Cryptography;
using System.Text;

namespace RocketOps.Cli.Exporting;

/// <summary>
/// Names of objects for names on brokers, unique among their kind. A name that Kubernetes takes stays as it is; another one is lowered, and has <c>-</c> for what Kubernetes does not take. Of several that would
/// become the same, none gets it but the one that is called so: the others end with a part of a hash of their own name, so that the order in which they are found decides nothing.
/// </summary>
internal static class ObjectNames
{
    private const int HashLength = 8;

    /// <param name="names">Names on brokers, each once.</param>
    /// <param name="fallback">For one in which there is no letter and no digit.</param>
    /// <returns>Names of objects by names on brokers.</returns>
    public static IReadOnlyDictionary<string, string> Choose(IReadOnlyCollection<string> names, string fallback)
    {
        Dictionary<string, int> wanted = new(StringComparer.Ordinal);
        foreach (string name in names)
        {
            string plain = Plain(name, fallback);
            wanted[plain] = wanted.GetValueOrDefault(plain) + 1;
        }

        Dictionary<string, string> chosen = new(StringComparer.Ordinal);
        HashSet<string> taken = new(StringComparer.Ordinal);
        foreach (string name in names.Where(name => Plain(name, fallback) is var plain && (plain == name || wanted[plain] == 1)))
        {
            taken.Add(chosen[name] = Plain(name, fallback));
        }

        foreach (string name in names.Where(name => !chosen.ContainsKey(name)))
        {
            chosen[name] = Hashed(name, Plain(name, fallback), taken);
        }

        return chosen;
    }

    private static string Plain(string name, string fallback)
    {
        string plain = string.Concat(name.ToLowerInvariant().Select(static letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')).Trim('-');
        return plain.Length == 0 ? fallback : plain;
    }

    /// <summary>Eight digits of a hash are enough; should another name be that already, there are more.</summary>
    private static string Hashed(string name, string plain, HashSet<string> taken)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        for (int length = HashLength; ; length++)
        {
            string hashed = $"{plain}-{hash[..length]}";
            if (taken.Add(hashed))
            {
                return hashed;
            }
        }
    }
}
