using System.Collections.Immutable;

namespace RocketOps.Hosting.Properties;

/// <summary>The configuration as it was understood: an immutable value per known key, defaults included.</summary>
public sealed class PropertyValues
{
    private readonly ImmutableDictionary<PropertyDefinition, Written> _written;

    private PropertyValues(PropertyCatalog catalog, ImmutableDictionary<PropertyDefinition, Written> written)
    {
        Catalog = catalog;
        _written = written;
    }

    public PropertyCatalog Catalog { get; }

    /// <summary>A configuration in which nothing was written.</summary>
    public static PropertyValues Defaults(PropertyCatalog catalog) =>
        new(catalog, ImmutableDictionary<PropertyDefinition, Written>.Empty);

    /// <summary>The value that was written last by the strongest source, else the default.</summary>
    public T Get<T>(PropertyDefinition<T> definition)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(definition);
        return _written.TryGetValue(definition, out Written? found) ? (T)found.Value! : definition.Default;
    }

    /// <summary>True when somebody wrote the key.</summary>
    public bool IsSet(PropertyDefinition definition) => _written.ContainsKey(definition);

    public PropertyOrigin OriginOf(PropertyDefinition definition) =>
        _written.TryGetValue(definition, out Written? found) ? found.Origin : PropertyOrigin.Default;

    /// <summary>The value as it would be written.</summary>
    public string TextOf(PropertyDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        return _written.TryGetValue(definition, out Written? found) ? definition.FormatBoxed(found.Value) : definition.DefaultText ?? string.Empty;
    }

    /// <summary>Every honoured key, and every other one that was written, with its text; in ordinal order of the names, as the configuration requests answer.</summary>
    public IEnumerable<KeyValuePair<string, string>> Enumerate()
    {
        foreach (PropertyDefinition definition in Catalog.Definitions)
        {
            if (definition.Support == PropertySupport.Honoured || IsSet(definition))
            {
                yield return new KeyValuePair<string, string>(definition.Name, TextOf(definition));
            }
        }
    }

    internal PropertyValues With(PropertyDefinition definition, object? value, PropertyOrigin origin) =>
        new(Catalog, _written.SetItem(definition, new Written(value, origin)));

    internal PropertyValues Without(PropertyDefinition definition) => new(Catalog, _written.Remove(definition));

    /// <summary>A class: over a struct of ours every method of the dictionary would be compiled at the start, and this is the first that a program does.</summary>
    private sealed record Written(object? Value, PropertyOrigin Origin);
}
