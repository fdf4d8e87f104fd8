using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Embedded.Api.Json;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Rules;

/// <summary>What operators and functions of rules do with values.</summary>
internal static class CelValues
{
    public static object? Of(JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue(out bool flag) => (object)flag, // A JsonNode otherwise: all of these convert to one.
        JsonValue value when value.TryGetValue(out long integer) => integer,
        JsonValue value when value.TryGetValue(out double number) => number,
        JsonValue value => value.AsText(),
        _ => node,
    };

    public static object? Field(object? holder, string name) => holder is JsonObject obj && obj.TryGetPropertyValue(name, out JsonNode? value)
        ? Of(value)
        : throw new CelException($"no such key: {name}");

    public static bool Has(object? holder, string name) => holder is JsonObject obj ? obj.ContainsKey(name) : throw NoOverload();

    public static bool True(object? value) => value is bool flag ? flag : throw NoOverload();

    public static bool Same(object? a, object? b) => (a, b) switch
    {
        (long or double, long or double) => Compare(a, b) == 0,
        (JsonNode x, JsonNode y) => JsonNodes.Same(x, y),
        _ => Equals(a, b),
    };

    public static int Compare(object? a, object? b) => (a, b) switch
    {
        (long x, long y) => x.CompareTo(y),
        (long or double, long or double) => Convert.ToDouble(a, CultureInfo.InvariantCulture).CompareTo(Convert.ToDouble(b, CultureInfo.InvariantCulture)),
        (string x, string y) => string.CompareOrdinal(x, y),
        (BigInteger x, BigInteger y) => x.CompareTo(y),
        (bool x, bool y) => x.CompareTo(y),
        _ => throw NoOverload(),
    };

    /// <summary>Items of a list, keys of a map.</summary>
    public static IEnumerable<object?> Items(object? value) => value switch
    {
        JsonArray list => list.Select(Of),
        JsonObject map => map.Select(p => (object?)p.Key),
        _ => throw NoOverload(),
    };

    /// <summary>A function of the global form, or null when rules of this server do not have it.</summary>
    public static Func<object?, object?>? Function(string name) => name switch
    {
        "size" => value => value is string text ? text.EnumerateRunes().LongCount() : Items(value).LongCount(),
        "string" => value => value switch
        {
            string text => text,
            bool flag => flag ? "true" : "false",
            long or double => Convert.ToString(value, CultureInfo.InvariantCulture),
            _ => throw NoOverload(),
        },
        "quantity" => value => value is string text && Quantity.TryNanos(text, out BigInteger nanos)
            ? nanos
            : throw new CelException(
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
        _ => null,
    };

    /// <summary>A function of the receiver form with one argument, or null when rules of this server do not have it.</summary>
    public static Func<object?, object?, object?>? Method(string name) => name switch
    {
        "startsWith" => (text, part) => Text(text).StartsWith(Text(part), StringComparison.Ordinal),
        "endsWith" => (text, part) => Text(text).EndsWith(Text(part), StringComparison.Ordinal),
        "contains" => (text, part) => Text(text).Contains(Text(part), StringComparison.Ordinal),
        "matches" => (text, pattern) => Matches(Text(text), Text(pattern)),
        "compareTo" => (a, b) => a is BigInteger && b is BigInteger ? (long)Math.Sign(Compare(a, b)) : throw NoOverload(),
        _ => null,
    };

    public static CelException NoOverload() => new("no such overload");

    private static string Text(object? value) => value as string ?? throw NoOverload();

    private static bool Matches(string text, string pattern)
    {
        try
        {
            // Without backtracking, as Go's: no pattern can be made slow by its input.
            return Regex.IsMatch(text, pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            throw new CelException($"error parsing regexp: {wrong.Message}");
        }
    }
}
