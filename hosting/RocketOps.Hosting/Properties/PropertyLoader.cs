using System.Collections;

namespace RocketOps.Hosting.Properties;

/// <summary>Puts the sources of a configuration together, files before environment before arguments, and collects everything that is wrong with them.</summary>
public static class PropertyLoader
{
    /// <summary>Prefix of the environment variables that set properties: <c>ROCKETOPS_listenPort=9876</c>.</summary>
    public const string EnvironmentPrefix = "ROCKETOPS_";

    /// <summary>
    /// Reads the files named by the arguments (if any), the process environment and the arguments. Never throws for what a user wrote: an unreadable file is an
    /// error of the result like any other.
    /// </summary>
    public static PropertyLoadResult Load(PropertyCatalog catalog, PropertyArguments arguments) =>
        Load(catalog, arguments, Environment.GetEnvironmentVariables());

    /// <inheritdoc cref="Load(PropertyCatalog, PropertyArguments)"/>
    public static PropertyLoadResult Load(PropertyCatalog catalog, PropertyArguments arguments, IDictionary environment)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        List<PropertyProblem> problems = [.. arguments.Problems];
        List<PropertyEntry> entries = [];
        foreach (string path in arguments.ConfigFiles)
        {
            if (Directory.Exists(path))
            {
                problems.Add(new PropertyProblem(new PropertyOrigin(path, 0), null, "this is a folder; name the configuration file in it"));
                continue;
            }

            try
            {
                entries.AddRange(JavaPropertiesParser.ParseFile(path, problems));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
            {
                problems.Add(new PropertyProblem(new PropertyOrigin(path, 0), null, $"the configuration file cannot be read: {exception.Message}"));
            }
        }

        entries.AddRange(FromEnvironment(environment));
        entries.AddRange(arguments.Entries);
        return Apply(PropertyValues.Defaults(catalog), entries, problems);
    }

    /// <summary>Lays entries over <paramref name="values"/>; later entries win over earlier ones.</summary>
    public static PropertyLoadResult Apply(PropertyValues values, IEnumerable<PropertyEntry> entries, IEnumerable<PropertyProblem>? earlier = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(entries);
        List<PropertyProblem> errors = [.. earlier ?? []];
        List<PropertyProblem> warnings = [];
        foreach (PropertyEntry entry in entries)
        {
            values = ApplyOne(values, entry, errors, warnings);
        }

        return new PropertyLoadResult(values, errors, warnings);
    }

    /// <summary>
    /// The properties among environment variables. RocketMQ's names begin with a lower-case letter, so names all in capitals
    /// (<c>ROCKETOPS_HOSTS</c>, <c>ROCKETOPS_BROKER_SERVICE_HOST</c> of a Kubernetes Service) are not meant for this.
    /// </summary>
    public static IEnumerable<PropertyEntry> FromEnvironment(IDictionary environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        List<PropertyEntry> entries = [];
        foreach (DictionaryEntry variable in environment)
        {
            if (variable.Key is string name && variable.Value is string value && name.StartsWith(EnvironmentPrefix, StringComparison.Ordinal)
                && name.AsSpan(EnvironmentPrefix.Length).IndexOfAnyInRange('a', 'z') >= 0)
            {
                entries.Add(new PropertyEntry(name[EnvironmentPrefix.Length..], value, PropertyOrigin.Environment(name)));
            }
        }

        entries.Sort(static (left, right) => string.CompareOrdinal(left.Key, right.Key));
        return entries;
    }

    private static PropertyValues ApplyOne(PropertyValues values, PropertyEntry entry, List<PropertyProblem> errors, List<PropertyProblem> warnings)
    {
        PropertyDefinition? definition = values.Catalog.Find(entry.Key);
        if (definition is null)
        {
            string? near = values.Catalog.Suggest(entry.Key);
            errors.Add(new PropertyProblem(entry.Origin, entry.Key, near is null ? "unknown key" : $"unknown key; did you mean {near}?{DescriptionOf(values.Catalog, near)}"));
            return values;
        }

        if (definition.Support == PropertySupport.Unsupported && !IsOff(entry.Value))
        {
            warnings.Add(new PropertyProblem(entry.Origin, entry.Key, $"not supported, the value has no effect; {definition.Advice}"));
        }

        if (string.IsNullOrWhiteSpace(entry.Value))
        {
            // "key=" means "not set" to people and, for numbers, to Java, which keeps the default.
            return values.Without(definition);
        }

        if (definition.Support == PropertySupport.Honoured && entry.Value.Contains("${", StringComparison.Ordinal))
        {
            errors.Add(new PropertyProblem(entry.Origin, entry.Key, $"\"{entry.Value}\" is not allowed: no other value is put in the place of ${{…}}; write the whole value"));
            return values;
        }

        if (!definition.TryParseBoxed(entry.Value, out object? value))
        {
            if (definition.TryCapBoxed(entry.Value, out object? cap))
            {
                warnings.Add(new PropertyProblem(entry.Origin, entry.Key, $"{entry.Value.Trim()} is more than is allowed; {definition.FormatBoxed(cap)} is used"));
                return values.With(definition, cap, entry.Origin);
            }

            string fallback = string.IsNullOrEmpty(definition.DefaultText) ? string.Empty : $" (default {definition.DefaultText})";
            string reason = definition.FindProblem?.Invoke(entry.Value) is { } problem ? $": {problem}" : string.Empty;
            errors.Add(new PropertyProblem(entry.Origin, entry.Key, $"\"{entry.Value}\" is not allowed{reason}; allowed: {definition.Allowed}{fallback}"));
            return values;
        }

        return values.With(definition, value, entry.Origin);
    }

    /// <summary>The key's description says the unit, where older keys of nearly the name had another.</summary>
    private static string DescriptionOf(PropertyCatalog catalog, string name) =>
        catalog.Find(name)?.Description is { Length: > 0 } description ? $" {description}" : string.Empty;

    // Switching off what is not there is no reason to warn: files that list every key with its default are common.
    private static bool IsOff(string value) => string.IsNullOrWhiteSpace(value) || value.AsSpan().Trim().Equals("false", StringComparison.OrdinalIgnoreCase);
}
