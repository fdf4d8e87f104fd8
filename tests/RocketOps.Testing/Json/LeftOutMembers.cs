using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace RocketOps.Testing.Json;

/// <summary>
/// Objects that a serializer context makes of JSON which leaves members out or has null for them, as programs of other versions and makers
/// write it.
/// </summary>
public static class LeftOutMembers
{
    /// <summary>
    /// Reads <c>{}</c>, and what has nothing but the members that are required, as every object the context knows, those within others too;
    /// a <see cref="JsonException"/> is in order. Returns the members that are null, or throw, though their type says that they are not
    /// null, and those that <c>{}</c> gives another value than the class begins with.
    /// </summary>
    public static IReadOnlyList<string> FindLost(JsonSerializerContext context)
    {
        List<string> lost = [];
        foreach (JsonTypeInfo type in ObjectsOf(context))
        {
            lost.AddRange(NullsOf(type, "{}").Concat(NullsOf(type, Write(type))).Distinct(StringComparer.Ordinal));
            if (Read("{}", type) is { } empty && type.Type.GetConstructor(Type.EmptyTypes) is { } constructor)
            {
                object begun = constructor.Invoke(null);
                lost.AddRange(MembersOf(type.Type).Where(IsValue)
                    .Where(member => member.GetValue(empty) is { } value && !value.Equals(member.GetValue(begun)))
                    .Select(member => $"{Name(member)} of {{}} is {member.GetValue(empty)}, not {member.GetValue(begun)}"));
            }
        }

        return lost;
    }

    /// <summary>The same for null in the place of each member, one after the other: the members that are null then.</summary>
    public static IReadOnlyList<string> FindNulls(JsonSerializerContext context) =>
    [
        .. ObjectsOf(context).SelectMany(static type => type.Properties.SelectMany(member => NullsOf(type, Write(type, member.Name))))
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Types that are read.</summary>
    public static IReadOnlyList<JsonTypeInfo> ObjectsOf(JsonSerializerContext context) =>
    [
        .. context.GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(static property => property.PropertyType.IsSubclassOf(typeof(JsonTypeInfo)))
            .Select(property => (JsonTypeInfo)property.GetValue(context)!)
            .Where(static type => type.Kind == JsonTypeInfoKind.Object),
    ];

    private static IEnumerable<string> NullsOf(JsonTypeInfo type, string json) =>
        Read(json, type) is { } value
            ? MembersOf(type.Type).Where(member => IsNull(member, value)).Select(member => $"{Name(member)} of {json} is null")
            : [];

    private static object? Read(string json, JsonTypeInfo type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>An object with its required members, and null for one of its members.</summary>
    private static string Write(JsonTypeInfo type, string? nothing = null) =>
        $"{{{string.Join(',', type.Properties.Where(member => member.IsRequired || member.Name == nothing)
            .Select(member => $"\"{member.Name}\":{(member.Name == nothing ? "null" : Write(member.PropertyType, type.Options))}"))}}}";

    private static string Write(Type type, JsonSerializerOptions options)
    {
        JsonTypeInfo info = options.GetTypeInfo(type);
        return info.Kind switch
        {
            JsonTypeInfoKind.Enumerable => "[]",
            JsonTypeInfoKind.Object => Write(info),
            JsonTypeInfoKind.None when type == typeof(string) => "\"\"",
            JsonTypeInfoKind.None when type == typeof(bool) => "false",
            JsonTypeInfoKind.None when type.IsPrimitive || type.IsEnum => "0",
            _ => "{}",
        };
    }

    private static IEnumerable<PropertyInfo> MembersOf(Type type) =>
        type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(static member => member.CanRead && member.GetIndexParameters().Length == 0);

    private static bool IsValue(PropertyInfo member) =>
        member.CanWrite && (member.PropertyType.IsValueType || member.PropertyType == typeof(string));

    private static bool IsNull(PropertyInfo member, object value)
    {
        try
        {
            return member.GetValue(value) is null && new NullabilityInfoContext().Create(member).ReadState == NullabilityState.NotNull;
        }
        catch (TargetInvocationException)
        {
            return true;
        }
    }

    private static string Name(PropertyInfo member) => $"{member.DeclaringType!.Name}.{member.Name}";
}
