using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using RocketOps.Embedded.Api.Json;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Rules;

/// <summary>Operators and functions of rules, applied to values.</summary>
internal static class CelValues
{
    /// <summary>Characters or items that a sum may have: nested ones double.</summary>
    private const int MaxSize = 1 << 20;

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

    /// <summary>The member, or null when there is none or nothing to have it.</summary>
    public static object? FieldOrNull(object? holder, string name) => holder is JsonObject obj && obj.TryGetPropertyValue(name, out JsonNode? value) ? Of(value) : null;

    public static object? Index(object? holder, object? index) => (holder, index) switch
    {
        (JsonArray list, long at) => at >= 0 && at < list.Count ? Of(list[(int)at]) : throw new CelException($"index out of bounds: {at}"),
        (JsonObject, string name) => Field(holder, name),
        _ => throw NoOverload(),
    };

    public static object? Sum(object? a, object? b)
    {
        try
        {
            return (a, b) switch
            {
                (long x, long y) => checked(x + y),
                (double x, double y) => x + y,
                (string x, string y) => x.Length + y.Length <= MaxSize ? x + y : throw new CelException("actual cost limit exceeded"),
                (JsonArray x, JsonArray y) => x.Count + y.Count <= MaxSize ? List(x.Concat(y).Select(Of)) : throw new CelException("actual cost limit exceeded"),
                _ => throw NoOverload(),
            };
        }
        catch (OverflowException)
        {
            throw new CelException("integer overflow");
        }
    }

    public static JsonArray List(IEnumerable<object?> items) => new([.. items.Select(Node)]);

    public static JsonNode? Node(object? value) => value switch
    {
        null => null,
        bool flag => JsonValue.Create(flag),
        long integer => JsonValue.Create(integer),
        double number => JsonValue.Create(number),
        string text => JsonValue.Create(text),
        JsonNode node => node.DeepClone(),
        _ => throw NoOverload(),
    };

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

    /// <summary>A function of the receiver form without arguments, or null when rules of this server do not have it.</summary>
    public static Func<object?, object?>? MethodAlone(string name) => name switch
    {
        "size" => Function(name),
        "join" => list => Joined(list, string.Empty),
        "lowerAscii" => text => string.Concat(Text(text).Select(c => char.IsAscii(c) ? char.ToLowerInvariant(c) : c)),
        "flatten" => list => List(Items(list).SelectMany(item => item is JsonArray inner ? Items(inner) : [item])),
        _ => null,
    };

    /// <summary>A function of the receiver form with one argument, or null when rules of this server do not have it.</summary>
    public static Func<object?, object?, object?>? Method(string name) => name switch
    {
        "startsWith" => (text, part) => Text(text).StartsWith(Text(part), StringComparison.Ordinal),
        "endsWith" => (text, part) => Text(text).EndsWith(Text(part), StringComparison.Ordinal),
        "contains" => (text, part) => Text(text).Contains(Text(part), StringComparison.Ordinal),
        "join" => (list, separator) => Joined(list, Text(separator)),
        "matches" => (text, pattern) => Matches(Text(text), Text(pattern)),
        "compareTo" => (a, b) => a is BigInteger && b is BigInteger ? (long)Math.Sign(Compare(a, b)) : throw NoOverload(),
        _ => null,
    };

    public static CelException NoOverload() => new("no such overload");

    public static string Text(object? value) => value as string ?? throw NoOverload();

    private static string Joined(object? list, string separator) => string.Join(separator, Items(list).Select(Text));

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, GoPattern.Translate(pattern), GoPattern.Options, TimeSpan.FromSeconds(1));
        }
        catch (Exception wrong) when (wrong is ArgumentException or NotSupportedException)
        {
            throw new CelException($"error parsing regexp: {wrong.Message}");
        }
    }
}
