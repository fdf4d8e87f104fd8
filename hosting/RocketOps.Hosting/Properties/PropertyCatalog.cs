using System.Collections.Frozen;

namespace RocketOps.Hosting.Properties;

/// <summary>All keys one program knows. Immutable.</summary>
public sealed class PropertyCatalog
{
    private readonly FrozenDictionary<string, PropertyDefinition> _byName;

    /// <summary>Throws <see cref="ArgumentException"/> when two definitions share a name.</summary>
    public PropertyCatalog(IEnumerable<PropertyDefinition> definitions)
    {
        Definitions = [.. definitions.OrderBy(definition => definition.Name, StringComparer.Ordinal)];
        Dictionary<string, PropertyDefinition> byName = new(StringComparer.Ordinal);
        foreach (PropertyDefinition definition in Definitions)
        {
            byName.Add(definition.Name, definition);
        }

        _byName = byName.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Definitions of all keys, in ordinal order of the names.</summary>
    public IReadOnlyList<PropertyDefinition> Definitions { get; }

    public PropertyDefinition? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The known name nearest to a misspelt one, or null when none is near enough to be what was meant.</summary>
    public string? Suggest(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string? best = null;
        // A third of the name may differ: "listenPrt" finds listenPort, "foo" finds nothing.
        int bestDistance = Math.Max(1, name.Length / 3) + 1;
        foreach (PropertyDefinition definition in Definitions)
        {
            if (string.Equals(definition.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return definition.Name;
            }

            int distance = EditDistance(definition.Name, name, bestDistance);
            if (distance < bestDistance)
            {
                best = definition.Name;
                bestDistance = distance;
            }
        }

        return best;
    }

    // Levenshtein distance without regard to case, by rows; gives up with the limit once every cell of a row has reached it.
    private static int EditDistance(string left, string right, int limit)
    {
        if (Math.Abs(left.Length - right.Length) >= limit || right.Length > 256)
        {
            return limit;
        }

        int[] previous = new int[right.Length + 1];
        int[] current = new int[right.Length + 1];
        for (int column = 0; column <= right.Length; column++)
        {
            previous[column] = column;
        }

        for (int row = 1; row <= left.Length; row++)
        {
            current[0] = row;
            int smallest = row;
            for (int column = 1; column <= right.Length; column++)
            {
                bool same = char.ToUpperInvariant(left[row - 1]) == char.ToUpperInvariant(right[column - 1]);
                current[column] = Math.Min(Math.Min(previous[column], current[column - 1]) + 1, previous[column - 1] + (same ? 0 : 1));
                smallest = Math.Min(smallest, current[column]);
            }

            if (smallest >= limit)
            {
                return limit;
            }

            (previous, current) = (current, previous);
        }

        return previous[right.Length];
    }
}
